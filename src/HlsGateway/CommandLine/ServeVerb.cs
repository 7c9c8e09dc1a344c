using System.CommandLine;

namespace HlsGateway.CommandLine;

/// <summary><c>hlsgateway serve</c>: the gateway itself. Program.cs runs it; here are only the words that explain it.</summary>
internal static class ServeVerb
{
    public const string Name = "serve";

    /// <summary>Log events as JSON, one line each.</summary>
    public const string Json = "--json";

    /// <summary>What the configuration reads of the command line: the verb is not part of it.</summary>
    public static IReadOnlyList<string> Configuration(string[] args) =>
        [.. (args is [Name, .. var rest] ? rest : args).Select(argument => argument == Json ? "--Logging:Console:FormatterName=json" : argument)];

    public static Command Create() => new(Name,
        """
        Starts the gateway and runs until Ctrl+C or SIGTERM. This is what the program does without a verb.

        Every option of appsettings.json can be given as --key=value, for instance
          hlsgateway serve --urls=http://127.0.0.1:8080 --Gateway:DataDirectory=/var/lib/hlsgateway
        and as an environment variable (Gateway__DataDirectory=…). docs/operations.md lists them all. appsettings.json is the one in the working
        directory, or else the one beside the program; relative paths (data, trailers) begin in the working directory.
        """)
    {
        new Option<bool>(Json) { Description = "Writes log events as JSON, one line each." },
        new Option<string>("--urls") { Description = "Where to listen, several with ';' between them.", HelpName = "URL" },
    };
}
