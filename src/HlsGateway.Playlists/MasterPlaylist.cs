using System.Collections.Immutable;

namespace HlsGateway.Playlists;

/// <summary>A Variant Stream: EXT-X-STREAM-INF and the URI after it.</summary>
/// <param name="Uri">Variables resolved as far as that can be done.</param>
/// <param name="Bandwidth">Bits per second; 0 when missing or no number.</param>
/// <param name="Codecs">RFC 6381, comma separated; null when left out.</param>
/// <param name="Width">Pixels; 0 when RESOLUTION is missing.</param>
/// <param name="FrameRate">Decimal text as written.</param>
/// <param name="Audio">GROUP-ID of its audio Renditions.</param>
/// <param name="Subtitles">GROUP-ID of its subtitle Renditions.</param>
public readonly record struct VariantStream(
    string Uri, int Bandwidth, string? Codecs, int Width, int Height, string? FrameRate, string? Audio, string? Subtitles);

/// <summary>An EXT-X-MEDIA tag.</summary>
/// <param name="Type"><c>AUDIO</c>, <c>VIDEO</c>, <c>SUBTITLES</c>, <c>CLOSED-CAPTIONS</c>.</param>
/// <param name="Uri">Null when left out: muxed into the Variant Stream, or closed captions.</param>
public readonly record struct Rendition(
    string Type, string GroupId, string? Language, string Name, string? Uri, string? Channels, bool Default);

/// <summary>A Master Playlist: an index over its bytes, which are kept and copied wherever nothing is to be changed.</summary>
public sealed class MasterPlaylist
{
    /// <summary>This object's own fields.</summary>
    private const int Own = 120;

    internal MasterPlaylist(ReadOnlyMemory<byte> text, MarkList marks, Variables variables, SubtitleGroups subtitles)
    {
        Text = text;
        Variables = variables;
        Unresolved = marks.Unresolved;
        Marks = [.. marks.Items];
        DeclaredVersion = marks.DeclaredVersion;
        NeededVersion = marks.NeededVersion;
        Subtitles = subtitles;
    }

    internal ReadOnlyMemory<byte> Text { get; }

    internal Mark[] Marks { get; }

    internal Variables Variables { get; }

    /// <summary>URIs whose variables only a player can resolve: they are left as they stand.</summary>
    public int Unresolved { get; }

    /// <summary>Media Playlists may import variables from here.</summary>
    public bool HasVariables => !ReferenceEquals(Variables, Variables.None);

    /// <summary>0 without EXT-X-VERSION.</summary>
    internal int DeclaredVersion { get; }

    internal int NeededVersion { get; }

    internal SubtitleGroups Subtitles { get; }

    /// <summary>In the playlist's order; at least one.</summary>
    public required ImmutableArray<VariantStream> Variants { get; init; }

    /// <summary>In the playlist's order.</summary>
    public required ImmutableArray<Rendition> Renditions { get; init; }

    /// <summary>Trick play or thumbnails are offered: EXT-X-I-FRAME-STREAM-INF or EXT-X-IMAGE-STREAM-INF stands somewhere.</summary>
    public bool HasIFrameStreams => Marks.Any(m => m.Kind == MarkKind.IFrameStream);

    /// <summary>Memory held, in bytes: the text and the index over it.</summary>
    public long Weight => Own + Weights.OfArray<byte>(Text.Length) + Weights.OfArray<Mark>(Marks.Length) + Weights.OfArray<VariantStream>(Variants.Length) + Weights.OfArray<Rendition>(Renditions.Length)
        + Variables.Weight + Subtitles.Weight
        + Variants.Sum(v => Weights.Of(v.Uri) + Weights.Of(v.Codecs) + Weights.Of(v.FrameRate) + Weights.Of(v.Audio) + Weights.Of(v.Subtitles))
        + Renditions.Sum(r => Weights.Of(r.Type) + Weights.Of(r.GroupId) + Weights.Of(r.Language) + Weights.Of(r.Name) + Weights.Of(r.Uri) + Weights.Of(r.Channels));

    /// <summary>The URIs of playlists, in the playlist's order.</summary>
    public IEnumerable<UriSite> Playlists =>
        from mark in Marks where mark.IsUri && mark.Uri is UriKind.VariantStream or UriKind.Rendition or UriKind.IFrameStream select UriQuestions.Site(mark, Text.Span.Slice(mark.Start, mark.Length), Variables);

    /// <summary>Makes the template of one edit.</summary>
    /// <exception cref="ArgumentException">The edit's texts cannot stand in a playlist: the caller's mistake, never the playlist's.</exception>
    public PlaylistTemplate Compile(MasterEdit edit) => MasterPlaylistCompiler.Compile(this, edit);
}
