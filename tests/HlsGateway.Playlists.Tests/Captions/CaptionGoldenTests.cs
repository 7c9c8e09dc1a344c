using System.Text;

namespace HlsGateway.Playlists.Tests.Captions;

/// <summary>Files as they are in the world, and every segment of them on a grid of 4 s with content that ends at 10.8 s.</summary>
public sealed class CaptionGoldenTests
{
    private const string UpdateVariable = "UPDATE_GOLDENS";

    public static TheoryData<string, string> Clothes
    {
        get
        {
            var data = new TheoryData<string, string>();
            foreach (var file in (string[])["news.vtt", "film.srt"])
            {
                foreach (var how in (string[])["as it is", "LF", "CRLF", "BOM", "no final newline"])
                    data.Add(file, how);
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Clothes))]
    public void W2_W4_W6_Segments_of_a_file_are_those_on_disk_however_its_lines_end(string name, string how)
    {
        var input = File.ReadAllText(Path.Combine(Folder, name));
        var lf = input.Replace("\r\n", "\n", StringComparison.Ordinal);
        var file = Files.Parse(how switch
        {
            "LF" => lf,
            "CRLF" => lf.Replace("\n", "\r\n", StringComparison.Ordinal),
            "BOM" => "\uFEFF" + lf.TrimStart('\uFEFF'),
            "no final newline" => lf.TrimEnd('\n'),
            _ => input,
        });
        var rendered = new StringBuilder();
        foreach (var (start, end) in ((int, int)[])[(0, 4000), (4000, 8000), (8000, 10800)])
        {
            var segment = CaptionSegment.Render(file, start, end, 10_800, 133_200);
            StrictWebVtt.Read(segment);
            rendered.Append(System.Globalization.CultureInfo.InvariantCulture, $"===== {start} to {end} ms\n").Append(Encoding.UTF8.GetString(segment));
        }

        var golden = Path.Combine(Folder, name + ".segments");
        if (Environment.GetEnvironmentVariable(UpdateVariable) == "1")
            File.WriteAllText(golden, rendered.ToString());
        var expected = File.Exists(golden) ? File.ReadAllText(golden) : "";
        Assert.True(expected == rendered.ToString(), $"{golden} differs; if the change is meant, run the test with {UpdateVariable}=1.\n{rendered}");
    }

    private static string Folder
    {
        get
        {
            var folder = new DirectoryInfo(AppContext.BaseDirectory);
            while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "HlsGateway.sln")))
                folder = folder.Parent;
            return Path.Combine(folder?.FullName ?? "", "tests", "HlsGateway.Playlists.Tests", "Captions", "Golden");
        }
    }
}
