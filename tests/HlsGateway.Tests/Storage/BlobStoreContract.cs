using System.Security.Cryptography;
using System.Text;
using HlsGateway.Storage;

namespace HlsGateway.Tests.Storage;

/// <summary>What every store does, whatever stands behind it.</summary>
public abstract class BlobStoreContract
{
    private protected abstract BlobStore Store { get; }

    /// <summary>Keeps the tests' keys apart.</summary>
    private readonly string prefix = $"videos/test-{Guid.NewGuid():n}/";

    [Fact]
    public async Task What_was_put_is_read_back_byte_for_byte()
    {
        var bytes = RandomNumberGenerator.GetBytes(300_000);
        await Store.PutAsync(prefix + "a.ts", new MemoryStream(bytes), "video/mp2t", CancellationToken.None);
        await using var read = await Store.OpenAsync(prefix + "a.ts", CancellationToken.None);
        using var copy = new MemoryStream();
        await read!.CopyToAsync(copy);
        Assert.Equal(bytes, copy.ToArray());
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(bytes)), await Store.Sha256Async(prefix + "a.ts", CancellationToken.None));
    }

    [Fact]
    public async Task A_stream_that_cannot_seek_is_stored_whole()
    {
        var bytes = RandomNumberGenerator.GetBytes(200_000);
        await using (var pipe = new Pipelike(bytes))
            await Store.PutAsync(prefix + "b.ts", pipe, "video/mp2t", CancellationToken.None);
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(bytes)), await Store.Sha256Async(prefix + "b.ts", CancellationToken.None));
    }

    [Fact]
    public async Task An_empty_object_is_an_object()
    {
        await Store.PutAsync(prefix + "empty", ReadOnlyMemory<byte>.Empty, CancellationToken.None);
        Assert.True(await Store.ExistsAsync(prefix + "empty", CancellationToken.None));
    }

    [Fact]
    public async Task An_absent_object_is_null_and_its_deletion_no_error()
    {
        Assert.Null(await Store.OpenAsync(prefix + "none", CancellationToken.None));
        Assert.Null(await Store.Sha256Async(prefix + "none", CancellationToken.None));
        Assert.False(await Store.ExistsAsync(prefix + "none", CancellationToken.None));
        await Store.DeleteAsync(prefix + "none", CancellationToken.None);
    }

    [Fact]
    public async Task A_source_that_breaks_off_leaves_nothing_and_an_older_object_as_it_was()
    {
        await Put("c.ts", "old");
        await Assert.ThrowsAsync<IOException>(() => Store.PutAsync(prefix + "c.ts", new Pipelike(new byte[100_000], breaksAt: 70_000), "video/mp2t", CancellationToken.None));
        await Assert.ThrowsAsync<IOException>(() => Store.PutAsync(prefix + "d.ts", new Pipelike(new byte[100_000], breaksAt: 70_000), "video/mp2t", CancellationToken.None));
        Assert.Equal("old", await Read("c.ts"));
        Assert.Equal(["c.ts"], await Keys(""));
    }

    [Fact]
    public async Task The_list_holds_what_begins_with_the_prefix_in_ordinal_order()
    {
        foreach (var name in (string[])["r1/b.ts", "r1/a.ts", "r10/a.ts", "r2/x/y/z.m3u8", "R1/a.ts"])
            await Put(name, name);
        Assert.Equal(["R1/a.ts", "r1/a.ts", "r1/b.ts", "r10/a.ts", "r2/x/y/z.m3u8"], await Keys(""));
        Assert.Equal(["r1/a.ts", "r1/b.ts"], await Keys("r1/"));
        Assert.Equal(["r1/a.ts", "r1/b.ts", "r10/a.ts"], await Keys("r1"));
        Assert.Empty(await Keys("r3/"));

        await Store.DeletePrefixAsync(prefix + "r1/", CancellationToken.None);
        Assert.Equal(["R1/a.ts", "r10/a.ts", "r2/x/y/z.m3u8"], await Keys(""));
    }

    [Fact]
    public async Task Many_writers_and_deleters_of_one_folder_do_not_hurt_each_other()
    {
        await Task.WhenAll(Enumerable.Range(0, 16).Select(async i =>
        {
            for (var round = 0; round < 5; round++)
            {
                await Put($"shared/{i}.ts", $"{i}");
                Assert.Equal($"{i}", await Read($"shared/{i}.ts"));
                await Store.DeleteAsync($"{prefix}shared/{i}.ts", CancellationToken.None);
            }
        }));
        Assert.Empty(await Keys("shared/"));
    }

    [Fact]
    public async Task Colons_and_percent_signs_of_video_ids_are_names_like_any_other()
    {
        await Put("did:plc:abc/x%2Fy/a+b@c.ts", "odd");
        Assert.Equal("odd", await Read("did:plc:abc/x%2Fy/a+b@c.ts"));
        Assert.Equal(["did:plc:abc/x%2Fy/a+b@c.ts"], await Keys("did:plc"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("/etc/passwd")]
    [InlineData("videos/../../secret")]
    [InlineData("videos/./a")]
    [InlineData("videos//a")]
    [InlineData("videos/a/")]
    [InlineData("videos/a\\b")]
    [InlineData("videos/a b")]
    [InlineData("videos/a\0b")]
    [InlineData("videos/ä")]
    public async Task What_is_no_key_is_refused(string key)
    {
        await Assert.ThrowsAsync<ArgumentException>(() => Store.PutAsync(key, "x"u8.ToArray(), CancellationToken.None));
        await Assert.ThrowsAsync<ArgumentException>(() => Store.OpenAsync(key, CancellationToken.None));
        await Assert.ThrowsAsync<ArgumentException>(() => Store.DeleteAsync(key, CancellationToken.None));
    }

    private Task Put(string name, string text) => Store.PutAsync(prefix + name, Encoding.UTF8.GetBytes(text), CancellationToken.None);

    private async Task<string> Read(string name)
    {
        using var reader = new StreamReader((await Store.OpenAsync(prefix + name, CancellationToken.None))!);
        return await reader.ReadToEndAsync();
    }

    private async Task<List<string>> Keys(string below)
    {
        var keys = new List<string>();
        await foreach (var key in Store.ListAsync(prefix + below, CancellationToken.None))
            keys.Add(key[prefix.Length..]);
        return keys;
    }

    /// <summary>A request body: no length, no seeking, and it may break off.</summary>
    private sealed class Pipelike(byte[] bytes, int breaksAt = int.MaxValue) : Stream
    {
        private int at;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override int Read(byte[] buffer, int offset, int count)
        {
            if (at >= breaksAt)
                throw new IOException("The client went away.");
            var read = Math.Min(Math.Min(count, 7_001), bytes.Length - at);
            bytes.AsSpan(at, read).CopyTo(buffer.AsSpan(offset));
            at += read;
            return read;
        }

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
