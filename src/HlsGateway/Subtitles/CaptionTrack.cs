using HlsGateway.Playlists;

namespace HlsGateway.Subtitles;

/// <summary>The captions of one language of a video, as new sessions get them.</summary>
/// <param name="Language">BCP 47 in its usual case (<c>en-GB</c>, <c>zh-Hant</c>); one track per language.</param>
/// <param name="Name">Human readable, unique in its video.</param>
/// <param name="Default">At most one track of a video.</param>
/// <param name="Sdh">For people who are deaf or hard of hearing: describes sounds too.</param>
/// <param name="Machine">Written by a machine.</param>
/// <param name="Version">First 8 hexadecimal digits of the file's SHA-256.</param>
internal sealed record CaptionTrack(string Language, string Name, bool Default, bool Sdh, bool Machine, string Version, CaptionFile File);
