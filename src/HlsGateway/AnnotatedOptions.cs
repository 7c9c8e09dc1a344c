using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Reflection;
using Microsoft.Extensions.Options;

namespace HlsGateway;

/// <summary>Checks options against their annotations; a failure names the whole key, as the configuration spells it, its value and an example.</summary>
/// <param name="section">With colons.</param>
internal sealed class AnnotatedOptions<T>(string section) : IValidateOptions<T> where T : class, new()
{
    public ValidateOptionsResult Validate(string? name, T options) =>
        Faults(options) is { Count: > 0 } faults ? ValidateOptionsResult.Fail(faults) : ValidateOptionsResult.Success;

    /// <summary>One line each. All of them: .NET's own Validator asks an object for its own faults only where no annotation has failed.</summary>
    public IReadOnlyList<string> Faults(T options)
    {
        var usual = new T();
        var faults = new List<string>();
        foreach (var property in typeof(T).GetProperties(BindingFlags.Public | BindingFlags.Instance))
        {
            foreach (var rule in property.GetCustomAttributes<ValidationAttribute>())
            {
                var value = property.GetValue(options);
                if (!rule.IsValid(value)) faults.Add(Told($"{section}:{property.Name}", value, rule, property.GetValue(usual)));
            }
        }

        if (options is IValidatableObject whole)
            faults.AddRange(whole.Validate(new ValidationContext(options)).Select(result => result.ErrorMessage ?? $"{section} cannot be used."));
        return faults;
    }

    private static string Told(string key, object? value, ValidationAttribute rule, object? usual)
    {
        var allowed = rule switch
        {
            RangeAttribute range => $"must be {Text(range.Minimum)} to {Text(range.Maximum)}",
            RequiredAttribute => "must not be empty",
            RegularExpressionAttribute words => $"must be one of {words.Pattern.Replace("|", ", ", StringComparison.Ordinal)}",
            EnumDataTypeAttribute names => $"must be one of {string.Join(", ", Enum.GetNames(names.EnumType))}",
            _ => "cannot be used",
        };
        return $"{key} is {(value is string or null ? $"'{value}'" : Text(value))}; it {allowed}, for example {Text(usual)}.";
    }

    private static string Text(object? value) => value is TimeSpan span && span.Ticks % TimeSpan.TicksPerSecond != 0
        ? span.ToString("c", CultureInfo.InvariantCulture).TrimEnd('0')
        : Convert.ToString(value, CultureInfo.InvariantCulture) ?? "";
}

/// <summary>One way to bind a section.</summary>
internal static class AnnotatedOptionsExtensions
{
    /// <summary>Binds the section, checked by its annotations when the program starts.</summary>
    public static void AddAnnotatedOptions<T>(this IServiceCollection services, string section) where T : class, new()
    {
        var rules = new AnnotatedOptions<T>(section);
        services.AddOptions<T>().BindConfiguration(section).ValidateOnStart();
        services.AddSingleton<IValidateOptions<T>>(rules);
        services.AddSingleton(new OptionsSection(section, typeof(T), given => rules.Faults(given.Get<T>() ?? new T())));
    }

    /// <summary>Tells the names in a section that a package, or one line of ours, reads by itself.</summary>
    public static void AddSectionNames<T>(this IServiceCollection services, string section) =>
        services.AddSingleton(new OptionsSection(section, typeof(T), null));
}
