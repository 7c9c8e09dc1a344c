using HlsGateway.Content;
using HlsGateway.Media;

namespace HlsGateway.Trailers;

/// <summary>
/// Makes the copy whose timestamps continue the content's, from the copy that all videos share: the same pictures and sounds at
/// other timestamps, without encoding anything again.
/// </summary>
internal sealed class ContinuingCopy(TrailerRecords records, Sandbox sandbox)
{
    /// <param name="shape">With <see cref="RenditionShape.Continues"/>.</param>
    /// <param name="shared">The copy of the same shape without it; its objects are in the store.</param>
    /// <exception cref="ConditioningException">The shared copy is incomplete.</exception>
    public async Task<EncodedCopy> MakeAsync(RenditionShape shape, TrailerCopy shared, CancellationToken ct)
    {
        var copy = shared.Behind(shape);
        var shift = copy.FirstVideoPts - shared.FirstVideoPts;
        var folder = sandbox.OpenFolder();
        try
        {
            foreach (var segment in shared.Segments)
            {
                var bytes = await records.ReadObjectAsync(shared, segment.File, ct)
                    ?? throw new ConditioningException($"The copy {shared.Profile} is incomplete: {segment.File} is not in the store.");
                if (shape.Container == "ts")
                    TsTimestamps.Shift(bytes, shift);
                else
                    AdtsFrames.Shift(bytes, shift);
                await folder.AddAsync(segment.File, file => file.WriteAsync(bytes, ct).AsTask());
            }

            return new EncodedCopy(copy, folder);
        }
        catch (FormatException e)
        {
            folder.Dispose();
            throw new ConditioningException(e.Message);
        }
        catch
        {
            folder.Dispose();
            throw;
        }
    }
}
