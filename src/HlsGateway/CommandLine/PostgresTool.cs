using System.ComponentModel;
using System.Diagnostics;
using Npgsql;

namespace HlsGateway.CommandLine;

/// <summary>PostgreSQL's own pg_dump and pg_restore: they know every version of it. The password goes through the environment, which other users cannot read.</summary>
internal static class PostgresTool
{
    /// <exception cref="IOException">It is not installed, or says why it failed.</exception>
    public static async Task RunAsync(string program, string connection, IEnumerable<string> arguments, CancellationToken ct)
    {
        var start = new ProcessStartInfo(program, arguments) { UseShellExecute = false, RedirectStandardError = true };
        foreach (var (name, value) in Environment(new NpgsqlConnectionStringBuilder(connection)))
        {
            if (!string.IsNullOrEmpty(value)) start.Environment[name] = value;
        }
        Process process;
        try
        {
            process = Process.Start(start) ?? throw new IOException($"{program} did not start.");
        }
        catch (Win32Exception e)
        {
            throw new IOException($"{program} is not installed. Debian: apt install postgresql-client, of the server's version or a newer one.", e);
        }
        using (process)
        {
            var errors = process.StandardError.ReadToEndAsync(CancellationToken.None);
            try
            {
                await process.WaitForExitAsync(ct);
            }
            catch (OperationCanceledException)
            {
                process.Kill(entireProcessTree: true);
                throw;
            }
            if (process.ExitCode != 0)
                throw new IOException($"{program} failed: {(await errors).Trim()}");
        }
    }

    /// <summary>The variables of libpq that say the same. Several hosts are a list for both.</summary>
    internal static IEnumerable<(string Name, string? Value)> Environment(NpgsqlConnectionStringBuilder connection) =>
    [
        ("PGHOST", string.Join(',', Hosts(connection).Select(host => host.Name))),
        ("PGPORT", string.Join(',', Hosts(connection).Select(host => host.Port))),
        ("PGUSER", connection.Username),
        ("PGPASSWORD", connection.Password),
        ("PGDATABASE", connection.Database ?? connection.Username),
        ("PGSSLMODE", connection.SslMode switch { SslMode.Disable => "disable", SslMode.Allow => "allow", SslMode.Require => "require", SslMode.VerifyCA => "verify-ca", SslMode.VerifyFull => "verify-full", _ => "prefer" }),
        ("PGSSLROOTCERT", connection.RootCertificate),
        ("PGSSLCERT", connection.SslCertificate),
        ("PGSSLKEY", connection.SslKey),
        ("PGPASSFILE", connection.Passfile),
        ("PGTARGETSESSIONATTRS", connection.Host?.Contains(',', StringComparison.Ordinal) == true ? "read-write" : null),
    ];

    /// <summary>Npgsql writes a port behind its host, libpq in a list beside that of the hosts. A path is a folder of sockets.</summary>
    private static IEnumerable<(string Name, string Port)> Hosts(NpgsqlConnectionStringBuilder connection) =>
        from host in (connection.Host ?? "").Split(',', StringSplitOptions.TrimEntries)
        let colon = host.StartsWith('/') ? -1 : host.LastIndexOf(':')
        let apart = colon > 0 && host[(colon + 1)..].All(char.IsAsciiDigit) && (host.Count(c => c == ':') == 1 || host[colon - 1] == ']')
        select apart ? (host[..colon], host[(colon + 1)..]) : (host, connection.Port.ToString(System.Globalization.CultureInfo.InvariantCulture));
}
