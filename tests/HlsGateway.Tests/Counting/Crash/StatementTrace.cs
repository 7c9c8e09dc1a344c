using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace HlsGateway.Tests.Counting.Crash;

/// <summary>SQLite's own trace, attached to every connection of this process from its opening on: who runs which statement, before and after.</summary>
internal static unsafe partial class StatementTrace
{
    private const uint Begun = 1;
    private const uint Done = 2;
    private static Action<string, bool>? listener;
    private static string database = "";

    /// <param name="file">Name of the database file whose connections are told of.</param>
    /// <param name="on">The statement's text, and whether it is done; called on the statement's thread, which waits.</param>
    public static void Listen(string file, Action<string, bool> on)
    {
        (database, listener) = (file, on);
        _ = AutoExtension(&Opened);
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Opened(nint connection, nint message, nint api) => Trace(connection, Begun | Done, &Traced, 0);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Traced(uint kind, nint context, nint statement, nint detail)
    {
        var path = Marshal.PtrToStringUTF8(FileName(Connection(statement), 0));
        if (Path.GetFileName(path) == database) listener!(Marshal.PtrToStringUTF8(kind == Begun ? detail : Sql(statement)) ?? "", kind == Done);
        return 0;
    }

    [LibraryImport("e_sqlite3", EntryPoint = "sqlite3_auto_extension")]
    private static partial int AutoExtension(delegate* unmanaged[Cdecl]<nint, nint, nint, int> opened);

    [LibraryImport("e_sqlite3", EntryPoint = "sqlite3_trace_v2")]
    private static partial int Trace(nint connection, uint kinds, delegate* unmanaged[Cdecl]<uint, nint, nint, nint, int> traced, nint context);

    [LibraryImport("e_sqlite3", EntryPoint = "sqlite3_db_handle")]
    private static partial nint Connection(nint statement);

    [LibraryImport("e_sqlite3", EntryPoint = "sqlite3_db_filename")]
    private static partial nint FileName(nint connection, nint schema);

    [LibraryImport("e_sqlite3", EntryPoint = "sqlite3_sql")]
    private static partial nint Sql(nint statement);
}
