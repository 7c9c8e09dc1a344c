namespace HlsGateway.Subtitles;

/// <summary>A row of <c>caption_track</c>, with its file where it was asked for.</summary>
internal sealed class LiveCaptions
{
    public string Video { get; set; } = "";

    public string Language { get; set; } = "";

    public string Name { get; set; } = "";

    public long IsDefault { get; set; }

    public long Sdh { get; set; }

    public long Machine { get; set; }

    /// <summary>Null: deleted.</summary>
    public string? Sha256 { get; set; }

    public string? Content { get; set; }

    /// <summary>Unix time, milliseconds.</summary>
    public long SavedAt { get; set; }

    public string Actor { get; set; } = "";

    public long Changed { get; set; }

    /// <summary>The publication in <c>caption_history</c>; of deleted captions the last one.</summary>
    public long Number { get; set; }

    /// <summary>Changes with the text and with the attributes, and is never used again, so that an editor who saw an older state is refused.</summary>
    public string ETag => $"\"{Changed}-{CaptionStore.Prefix(Sha256 ?? "00000000")}\"";

    /// <summary>For the list of changes.</summary>
    public string Description => $"{CaptionStore.Prefix(Sha256 ?? "00000000")} {Name}{(IsDefault != 0 ? ", default" : "")}{(Sdh != 0 ? ", SDH" : "")}{(Machine != 0 ? ", machine" : "")}";

    public bool Says(LiveCaptions other) => string.Equals(Description, other.Description, StringComparison.Ordinal) && string.Equals(Sha256, other.Sha256, StringComparison.Ordinal);
}

/// <summary>A row of <c>caption_version</c>.</summary>
internal sealed class CaptionVersion
{
    public string Language { get; set; } = "";

    public string Sha256 { get; set; } = "";

    public string? Content { get; set; }

    public long SavedAt { get; set; }

    public string Actor { get; set; } = "";
}

/// <summary>A row of <c>caption_draft</c>.</summary>
internal sealed class CaptionDraft
{
    public string Language { get; set; } = "";

    public string? Content { get; set; }

    public long SavedAt { get; set; }

    public string Actor { get; set; } = "";

    public long Changed { get; set; }

    public string ETag => $"\"draft-{Changed}\"";
}

/// <summary>What an editor sends. Attributes that are null stay as they were.</summary>
internal sealed record CaptionEdit(
    string Video, string Language, string Content, string? Name, bool? Default, bool? Sdh, bool? Machine, Actor Actor, CaptionPrecondition Precondition);

internal enum CaptionOutcome
{
    Created,
    Replaced,
    Unchanged,
    Deleted,
    Absent,

    /// <summary>There was never such a version.</summary>
    NoVersion,

    /// <summary>There is no earlier version to go back to.</summary>
    NothingToUndo,
    PreconditionFailed,
    TooMany,
}

/// <param name="Row">The captions now; after a failed precondition those that are there, null when there are none.</param>
internal readonly record struct CaptionSaved(CaptionOutcome Outcome, LiveCaptions? Row);
