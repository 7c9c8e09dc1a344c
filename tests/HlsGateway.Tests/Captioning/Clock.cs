using HlsGateway.Tests.Hosting;

namespace HlsGateway.Tests.Captioning;

/// <summary>
/// A real program in the place of a recogniser: it reads the length of the sound from the file that it is given and writes a cue for each
/// second of it. A file beside it tells it to behave badly; the folder is one that it may read.
/// </summary>
internal sealed class Clock : IDisposable
{
    private const UnixFileMode ForAll = (UnixFileMode)0b111_101_101;

    private const string Script = """
        #!/bin/sh
        set -eu
        folder=$1 sound=$2 language=$3 mode=$(cat "$1/mode")
        number() { od -An -tu4 -j"$1" -N4 "$sound" | tr -d ' '; }
        seconds=$(($(number 40) / $(number 28)))
        case $mode in
          fail) echo "loading" >&2; echo "no such model" >&2; exit 3 ;;
          broken) printf 'WEBVTT\n\n00:05.000 --> 00:04.000\nB\n'; exit ;;
          nothing) echo WEBVTT; exit ;;
          endless) yes "WEBVTT 00:01.000" | head -c 30000000; exit ;;
          chatty) yes "a complaint of some length" | head -c 30000000 >&2 ;;
          hang) sleep 1000 & sleep 1000 & wait ;;
          escape)
            for it in "$(cat "$folder/forbidden")" "$folder/written" "$sound"; do
              if (echo x >>"$it") 2>/dev/null; then echo "wrote to $it" >&2; exit 4; fi
            done
            if [ -e "$(cat "$folder/forbidden")" ]; then echo "sees other files" >&2; exit 5; fi
            if [ "$(tail -n +3 /proc/net/dev 2>/dev/null | grep -cv '^ *lo:')" -gt 0 ]; then echo "sees the network" >&2; exit 6; fi
            if env | grep -q -i token; then echo "sees secrets" >&2; exit 7; fi ;;
        esac
        echo WEBVTT
        i=0
        while [ "$i" -lt "$seconds" ]; do
          printf '\n00:%02d.000 --> 00:%02d.900\nsecond %d of %d in %s at %d Hz\n' "$i" "$i" "$i" "$seconds" "$language" "$(number 24)"
          i=$((i + 1))
          if [ "$mode" = hold ] && [ "$i" = 3 ]; then
            until [ -e "$folder/go" ]; do sleep 0.05; done
          fi
        done
        """;

    private readonly TemporaryFolder folder = new();

    public Clock()
    {
        var program = Path.Combine(folder.Path, "clock");
        File.WriteAllText(program, Script + "\n");
        // Another user than ours runs it.
        File.SetUnixFileMode(program, ForAll);
        File.SetUnixFileMode(folder.Path, ForAll);
        Do("clock");
    }

    public string Folder => folder.Path;

    public Dictionary<string, string> Settings => new(StringComparer.Ordinal)
    {
        ["Subtitles:Automatic:Command"] = Path.Combine(folder.Path, "clock"),
        ["Subtitles:Automatic:Arguments:0"] = folder.Path,
        ["Subtitles:Automatic:Arguments:1"] = "{audio}",
        ["Subtitles:Automatic:Arguments:2"] = "{language}",
        ["Subtitles:Automatic:ReadableFolders:0"] = folder.Path,
        ["Transcode:Preset"] = "ultrafast",
        ["Transcode:Ladder:0"] = "90",
        ["Transcode:Lease"] = "00:00:05",
        ["Trailers:Folder"] = "",
    };

    /// <summary>Command lines of this clock's processes.</summary>
    public IEnumerable<string> Running() => Directory.EnumerateDirectories("/proc").Where(process => char.IsAsciiDigit(Path.GetFileName(process)[0])).Select(process =>
    {
        try
        {
            return File.ReadAllText(Path.Combine(process, "cmdline"));
        }
        catch (IOException)
        {
            return "";
        }
    }).Where(line => line.Contains("/bin/sh", StringComparison.Ordinal) && line.Contains(folder.Path, StringComparison.Ordinal));

    public void Do(string mode) => Write("mode", mode);

    public void LetGo() => Write("go", "");

    public void Write(string name, string text) => File.WriteAllText(Path.Combine(folder.Path, name), text);

    public void Dispose() => folder.Dispose();
}
