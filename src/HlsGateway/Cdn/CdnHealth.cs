namespace HlsGateway.Cdn;

/// <summary>
/// Which bases are up. One goes down after so many failures one after the other and comes back after so many answers, so that one that
/// answers now and then takes no sessions back and forth.
/// </summary>
internal sealed class CdnHealth(CdnProbeOptions options)
{
    private readonly Lock gate = new();
    private readonly int[] runs = new int[CdnOptions.Most];
    private readonly string?[] reasons = new string?[CdnOptions.Most];
    private volatile uint down;

    public bool IsUp(int index) => (down & (1u << index)) == 0;

    /// <summary>Why it is down; null while it is up.</summary>
    public string? ReasonOf(int index)
    {
        lock (gate)
            return IsUp(index) ? null : reasons[index];
    }

    /// <summary>One answer, or why there was none.</summary>
    /// <returns>True where the base has gone down or come back with it.</returns>
    public bool Tell(int index, string? failure)
    {
        lock (gate)
        {
            if (failure is null == IsUp(index))
            {
                runs[index] = 0;
                return false;
            }

            reasons[index] = failure;
            if (++runs[index] < (failure is null ? options.Successes : options.Failures))
                return false;
            runs[index] = 0;
            down ^= 1u << index;
            return true;
        }
    }
}
