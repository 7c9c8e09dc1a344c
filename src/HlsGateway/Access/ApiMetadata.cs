using HlsGateway.Telemetry;

namespace HlsGateway.Access;

/// <summary>Problems that a call answers besides those that follow from its token, parameters and body.</summary>
internal sealed record ProblemAnswers(int? Status, Problem[] Problems);

/// <summary>A body that no parameter of the handler binds.</summary>
/// <param name="Example">Text; null for bytes.</param>
internal sealed record RawBody(string[] MediaTypes, string Description, string? Example);

/// <summary>An answer that is no JSON.</summary>
/// <param name="Example">Text; null for bytes.</param>
internal sealed record RawAnswer(int Status, string MediaType, string Description, string? Example);

/// <summary>Headers that the handler reads.</summary>
internal sealed record HeadersTaken(bool Required, string[] Names);

/// <summary>Headers of an answer that succeeds.</summary>
internal sealed record HeadersGiven(string[] Names);

/// <summary>What <c>/openapi/v1.json</c> says of a call and its handler's signature does not. Only described, never enforced: routing does not look at it.</summary>
internal static class ApiMetadata
{
    /// <summary>Each with its usual status.</summary>
    public static TBuilder ProducesProblems<TBuilder>(this TBuilder builder, params Problem[] problems)
        where TBuilder : IEndpointConventionBuilder => builder.WithMetadata(new ProblemAnswers(null, problems));

    public static TBuilder ProducesProblems<TBuilder>(this TBuilder builder, int status, params Problem[] problems)
        where TBuilder : IEndpointConventionBuilder => builder.WithMetadata(new ProblemAnswers(status, problems));

    public static TBuilder TakesBytes<TBuilder>(this TBuilder builder, string description, params string[] mediaTypes)
        where TBuilder : IEndpointConventionBuilder => builder.WithMetadata(new RawBody(mediaTypes, description, null));

    public static TBuilder TakesText<TBuilder>(this TBuilder builder, string mediaType, string description, string example)
        where TBuilder : IEndpointConventionBuilder => builder.WithMetadata(new RawBody([mediaType], description, example));

    public static TBuilder GivesBytes<TBuilder>(this TBuilder builder, string mediaType, string description)
        where TBuilder : IEndpointConventionBuilder => builder.WithMetadata(new RawAnswer(200, mediaType, description, null));

    public static TBuilder GivesText<TBuilder>(this TBuilder builder, string mediaType, string description, string example)
        where TBuilder : IEndpointConventionBuilder => builder.WithMetadata(new RawAnswer(200, mediaType, description, example));

    /// <param name="names">Described in api-words.json.</param>
    public static TBuilder TakesHeaders<TBuilder>(this TBuilder builder, params string[] names)
        where TBuilder : IEndpointConventionBuilder => builder.WithMetadata(new HeadersTaken(false, names));

    /// <inheritdoc cref="TakesHeaders{TBuilder}"/>
    public static TBuilder NeedsHeaders<TBuilder>(this TBuilder builder, params string[] names)
        where TBuilder : IEndpointConventionBuilder => builder.WithMetadata(new HeadersTaken(true, names));

    /// <inheritdoc cref="TakesHeaders{TBuilder}"/>
    public static TBuilder GivesHeaders<TBuilder>(this TBuilder builder, params string[] names)
        where TBuilder : IEndpointConventionBuilder => builder.WithMetadata(new HeadersGiven(names));
}
