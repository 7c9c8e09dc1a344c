using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;

namespace HlsGateway.Tests.Hosting;

/// <summary>
/// Media that tests begin with, each made once in a run whoever asks for it: a start of ffmpeg costs more than the clip it makes.
/// What the product makes of them is never kept here.
/// </summary>
internal static class Clips
{
    private static readonly ConcurrentDictionary<string, Lazy<Task<string>>> Made = new(StringComparer.Ordinal);
    private static readonly DirectoryInfo Root = NewRoot();

    /// <summary>A folder with what <paramref name="make"/> writes into it, for all who name the same recipe. To be read, not changed.</summary>
    /// <param name="recipe">Everything that the result depends on.</param>
    public static Task<string> FolderAsync(IEnumerable<string> recipe, Func<string, Task> make)
    {
        var name = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\n', recipe))).AsSpan(0, 12));
        return Made.GetOrAdd(name, _ => new Lazy<Task<string>>(async () =>
        {
            var folder = Root.CreateSubdirectory(name).FullName;
            await make(folder);
            return folder;
        })).Value;
    }

    private static DirectoryInfo NewRoot()
    {
        var root = Directory.CreateTempSubdirectory("hlsgateway-clips-");
        AppDomain.CurrentDomain.ProcessExit += (_, _) => root.Delete(recursive: true);
        return root;
    }
}
