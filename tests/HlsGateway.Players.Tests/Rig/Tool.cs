using System.Diagnostics;

namespace HlsGateway.Players.Tests.Rig;

/// <summary>Runs a program to its end.</summary>
internal static class Tool
{
    /// <returns>Standard output, and what was said on standard error.</returns>
    /// <exception cref="InvalidOperationException">The program ended with an error; the message holds what it said.</exception>
    public static async Task<(byte[] Output, string Said)> RunAsync(string program, IEnumerable<string> arguments, TimeSpan bound)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments)
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        process.StandardInput.Close();
        using var deadline = new CancellationTokenSource(bound);
        using var output = new MemoryStream();
        var errors = process.StandardError.ReadToEndAsync(CancellationToken.None);
        try
        {
            await process.StandardOutput.BaseStream.CopyToAsync(output, deadline.Token);
            await process.WaitForExitAsync(deadline.Token);
        }
        catch (OperationCanceledException late)
        {
            process.Kill(entireProcessTree: true);
            throw new InvalidOperationException($"{program} did not end within {bound.TotalSeconds} s: {await errors}", late);
        }
        return process.ExitCode == 0 ? (output.ToArray(), await errors) : throw new InvalidOperationException($"{program} ended with {process.ExitCode}: {await errors}");
    }
}
