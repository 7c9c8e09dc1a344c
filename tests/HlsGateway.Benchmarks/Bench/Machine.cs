using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace HlsGateway.Benchmarks.Bench;

/// <summary>The machine that is measured on, and how its cores are shared out.</summary>
internal static class Machine
{
    /// <summary>Cores that this process may use: a child is given some of them.</summary>
    private static readonly int[] Cores = AllowedCores();

    /// <summary>What is measured runs here.</summary>
    public static string ServerCore { get; } = Number(Cores[0]);

    /// <summary>The load, and PostgreSQL, run here; on the core that is measured where there is no other.</summary>
    public static string LoadCores { get; } = Cores.Length > 1 ? string.Join(',', Cores[1..].Select(Number)) : ServerCore;

    /// <summary>Two cores for what is measured.</summary>
    public static string TwoCores { get; } = string.Join(',', Cores.Take(2).Select(Number));

    /// <summary>The load of that: beside them where there are more, else the same two.</summary>
    public static string LoadOfTwo { get; } = Cores.Length > 2 ? string.Join(',', Cores[2..].Select(Number)) : TwoCores;

    public static bool HasCoresForTwo => Cores.Length > 2;

    public static int ServerProcessor => Cores[0];

    /// <summary>In a sentence, without any name of the machine.</summary>
    public static string Describe()
    {
        var model = File.ReadLines("/proc/cpuinfo").FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal))?.Split(':')[^1].Trim() ?? RuntimeInformation.ProcessArchitecture.ToString();
        var memory = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / (double)(1L << 30);
        var kernel = Environment.OSVersion.Version;
        return string.Create(CultureInfo.InvariantCulture,
            $"{Cores.Length} cores ({model}), {memory:0} GiB of memory, Linux {kernel.Major}.{kernel.Minor}, .NET {Environment.Version}");
    }

    /// <summary>A port of the loopback that nobody listens at now.</summary>
    public static int FreePort()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }

    private static int[] AllowedCores()
    {
        var list = File.ReadLines("/proc/self/status").First(line => line.StartsWith("Cpus_allowed_list:", StringComparison.Ordinal)).Split(':')[1].Trim();
        return [.. list.Split(',').Select(part => part.Split('-').Select(text => int.Parse(text, CultureInfo.InvariantCulture)).ToArray())
            .SelectMany(ends => Enumerable.Range(ends[0], ends[^1] - ends[0] + 1))];
    }

    private static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);
}
