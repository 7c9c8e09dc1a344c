using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace HlsGateway;

/// <summary>Checks options against their annotations; a failure names the whole key, as the configuration spells it.</summary>
/// <param name="section">With colons.</param>
internal sealed class AnnotatedOptions<T>(string section) : IValidateOptions<T> where T : class
{
    public ValidateOptionsResult Validate(string? name, T options)
    {
        var results = new List<ValidationResult>();
        return Validator.TryValidateObject(options, new ValidationContext(options), results, validateAllProperties: true)
            ? ValidateOptionsResult.Success
            : ValidateOptionsResult.Fail(results.Select(Told));
    }

    // Messages of our own name the key themselves.
    private string Told(ValidationResult result) => result.ErrorMessage?.StartsWith(section, StringComparison.Ordinal) == true
        ? result.ErrorMessage
        : $"{string.Join(", ", result.MemberNames.Select(member => $"{section}:{member}"))}: {result.ErrorMessage}";
}

/// <summary>One way to bind a section.</summary>
internal static class AnnotatedOptionsExtensions
{
    /// <summary>Binds the section, checked by its annotations when the program starts.</summary>
    public static void AddAnnotatedOptions<T>(this IServiceCollection services, string section) where T : class
    {
        services.AddOptions<T>().BindConfiguration(section).ValidateOnStart();
        services.AddSingleton<IValidateOptions<T>>(new AnnotatedOptions<T>(section));
    }
}
