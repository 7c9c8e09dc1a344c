using Microsoft.Win32.SafeHandles;

namespace HlsGateway.Media;

/// <summary>
/// A file that a program in the sandbox made, open for reading: a regular file, and never more than the bytes that it had when it was
/// opened. Reading it to its end fails if its length has changed meanwhile.
/// </summary>
internal sealed class OutputFile : Stream
{
    private readonly SafeFileHandle file;
    private readonly string name;
    private long position;

    internal OutputFile(SafeFileHandle file, string name, long length) => (this.file, this.name, Length) = (file, name, length);

    public override long Length { get; }

    public override bool CanRead => true;

    public override bool CanSeek => true;

    public override bool CanWrite => false;

    public override long Position
    {
        get => position;
        set => position = Math.Clamp(value, 0, Length);
    }

    /// <summary>The whole file.</summary>
    /// <exception cref="SandboxException">It is longer than <paramref name="most"/>, or changes while it is read.</exception>
    public async Task<byte[]> ReadAllAsync(int most, CancellationToken ct)
    {
        if (Length > most)
            throw TooLong(name, Length, most);
        var bytes = new byte[(int)Length];
        await ReadExactlyAsync(bytes, ct);
        CheckLength();
        return bytes;
    }

    public override int Read(Span<byte> buffer) =>
        Advance(buffer.Length, RandomAccess.Read(file, buffer[..Fitting(buffer.Length)], position));

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        Advance(buffer.Length, await RandomAccess.ReadAsync(file, buffer[..Fitting(buffer.Length)], position, cancellationToken));

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override long Seek(long offset, SeekOrigin origin) => Position = origin switch
    {
        SeekOrigin.Begin => offset,
        SeekOrigin.Current => position + offset,
        _ => Length + offset,
    };

    public override void Flush()
    {
        // Nothing is written.
    }

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    internal static SandboxException TooLong(string name, long length, long most) =>
        new($"The program in the sandbox wrote {length} bytes to '{name}'; at most {most} are allowed.");

    protected override void Dispose(bool disposing)
    {
        file.Dispose();
        base.Dispose(disposing);
    }

    private int Fitting(int wanted) => (int)Math.Min(wanted, Length - position);

    private int Advance(int wanted, int read)
    {
        position += read;
        if (wanted > 0 && (position == Length || read == 0))
            CheckLength();
        return read;
    }

    private void CheckLength()
    {
        if (RandomAccess.GetLength(file) != Length)
            throw new SandboxException($"The program in the sandbox changed '{name}' while it was read.");
    }
}
