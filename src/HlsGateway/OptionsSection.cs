namespace HlsGateway;

/// <summary>
/// One section of the configuration, and the type that it is read into: what is neither of these nor the framework's own is an error at
/// the start. Several types may share a section.
/// </summary>
/// <param name="Key">With colons.</param>
/// <param name="Faults">What is wrong with the values, given the section; null where the type only tells which names there are.</param>
internal sealed record OptionsSection(string Key, Type Type, Func<IConfigurationSection, IReadOnlyList<string>>? Faults);
