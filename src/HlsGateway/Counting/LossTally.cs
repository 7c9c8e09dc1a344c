using System.IO.MemoryMappedFiles;

namespace HlsGateway.Counting;

/// <summary>
/// The count of losses (302s received are at most ledger rows plus losses), kept where it survives <c>kill -9</c>:
/// a page of <c>ledger.lost</c> mapped into memory. Counting a loss must not need the disk that just failed, so the page is
/// allocated and synced when the file is made, and counting is then only a write to memory.
/// </summary>
/// <remarks>
/// Undecided hits are those whose viewers were let go while their transaction still ran. After a crash the ledger itself tells
/// what became of them: the transaction's first sequence number is there or it is not. Late hits are those whose viewers were let
/// go before any transaction took them; what a crash leaves of them is lost.
/// </remarks>
internal sealed class LossTally : IDisposable
{
    private const int Bytes = 4096;

    private readonly MemoryMappedFile file;
    private readonly MemoryMappedViewAccessor view;

    private LossTally(MemoryMappedFile file)
    {
        this.file = file;
        view = file.CreateViewAccessor(0, Bytes);
    }

    /// <summary>Hits lost since the file was made.</summary>
    public long Lost => view.ReadInt64(0);

    /// <summary>Hits whose viewers were let go and whose transaction has not ended.</summary>
    public long Undecided => view.ReadInt64(8);

    /// <summary>First sequence number of the transaction that the undecided hits are in.</summary>
    public long UndecidedFirst => view.ReadInt64(16);

    /// <summary>Hits whose viewers were let go and that still wait for a transaction.</summary>
    public long Late => view.ReadInt64(24);

    public static LossTally Open(string path)
    {
        using (var handle = File.OpenHandle(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.ReadWrite))
        {
            if (RandomAccess.GetLength(handle) < Bytes)
            {
                RandomAccess.Write(handle, new byte[Bytes], 0);
                RandomAccess.FlushToDisk(handle);
            }
        }
        return new LossTally(MemoryMappedFile.CreateFromFile(path, FileMode.Open, mapName: null, Bytes, MemoryMappedFileAccess.ReadWrite));
    }

    public void Begin(long firstSeq) => view.Write(16, firstSeq);

    public void Lose(long hits) => view.Write(0, Lost + hits);

    /// <summary>A power cut may undo writes to this page, but not the ledger's own rows of losses: the count never falls below them.</summary>
    public void NoLessThan(long hits)
    {
        if (Lost < hits)
            view.Write(0, hits);
    }

    public void LeaveUndecided(long hits) => view.Write(8, Undecided + hits);

    /// <summary>The transaction has ended. Returns how many hits were undecided.</summary>
    public long Decide(bool recorded)
    {
        var undecided = Undecided;
        if (undecided == 0)
            return 0;
        if (!recorded)
            Lose(undecided);
        view.Write(8, 0L);
        return undecided;
    }

    public void LeaveLate(long hits) => view.Write(24, Late + hits);

    /// <summary>A transaction takes late hits. After a kill between the two writes, a hit may be both in it and counted as a loss: the count may be too high, never too low.</summary>
    public void TakeLate(long hits)
    {
        LeaveUndecided(hits);
        LeaveLate(-hits);
    }

    public void LoseLate(long hits)
    {
        Lose(hits);
        LeaveLate(-hits);
    }

    public void Dispose()
    {
        view.Dispose();
        file.Dispose();
    }
}
