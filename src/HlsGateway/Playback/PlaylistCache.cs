using System.Collections.Concurrent;
using HlsGateway.Playlists;
using HlsGateway.Trailers;
using Microsoft.Extensions.Caching.Memory;
using Microsoft.Extensions.Options;

namespace HlsGateway.Playback;

/// <summary>
/// What is kept of origin playlists and of the templates compiled from them, within one limit in bytes that is never exceeded: whatever
/// is added removes at once what nobody has asked for since it was last checked. A template is removed with its playlist, so that what
/// the origin has replaced does not stay in memory.
/// </summary>
internal sealed class PlaylistCache : IDisposable
{
    /// <summary>Who is told that a template has grown: a delegate, and what it closes over.</summary>
    private const int GrownWeight = 96;

    private readonly long limit;
    private readonly ConcurrentDictionary<OriginTarget, Item> playlists = new();
    private readonly ConcurrentDictionary<TemplateKey, Item> templates = new();

    /// <summary>Failures, and playlists of trailers: a sixteenth of the limit, so that requests for made-up paths remove no templates.</summary>
    private readonly MemoryCache others;

    private readonly Lock gate = new();

    /// <summary>All items; the first is checked next.</summary>
    private readonly LinkedList<Item> line = new();
    private long held;

    public PlaylistCache(IOptions<OriginOptions> options)
    {
        var small = options.Value.CacheBytes / 16;
        limit = options.Value.CacheBytes - small;
        others = BoundedMemory.Cache(small);
    }

    private readonly record struct FailureKey(OriginTarget Target);

    private readonly record struct AssetKey(string Video, string Below);

    /// <summary>Bytes of all that is kept, as weighed.</summary>
    internal long Held => Interlocked.Read(ref held);

    public OriginPlaylist? Find(OriginTarget target) => playlists.TryGetValue(target, out var item) ? item.Use() as OriginPlaylist : null;

    /// <summary>Why the origin did not give it a moment ago.</summary>
    public OriginFailure? FailureOf(OriginTarget target) => others.TryGetValue(new FailureKey(target), out OriginFailure failed) ? failed : null;

    public void Keep(OriginPlaylist playlist)
    {
        others.Remove(new FailureKey(playlist.Target));
        lock (gate)
        {
            if (playlists.TryGetValue(playlist.Target, out var former))
                Drop(former);
            var item = new Item(playlist, key: null, owner: null, playlist.Weight + BoundedMemory.EntryWeight);
            if (!Fits(item))
                return;
            playlists[playlist.Target] = item;
            Add(item);
        }
    }

    public void Remember(OriginTarget target, OriginFailure failure, TimeSpan span)
    {
        if (span > TimeSpan.Zero)
            others.Set(new FailureKey(target), failure, BoundedMemory.Entry(Weights.Of(target.Locator) + Weights.Of(failure.Detail)).SetAbsoluteExpiration(span));
    }

    public T? Find<T>(in TemplateKey key)
        where T : class => templates.TryGetValue(key, out var item) ? item.Use() as T : null;

    public void Keep<T>(in TemplateKey key, T value, PlaylistTemplate template)
        where T : class
    {
        lock (gate)
        {
            // A playlist that was replaced or removed meanwhile is held only by the requests that still answer with it.
            if (!playlists.TryGetValue(key.Playlist.Target, out var owner) || owner.Value != key.Playlist)
                return;
            if (templates.TryGetValue(key, out var former))
                Drop(former);
            var item = new Item(value, key, owner, template.Weight + BoundedMemory.EntryWeight + GrownWeight + Weights.Of(key.Video) + Weights.Of(key.ClientPath) + key.Variant.Weight);
            if (!Fits(item))
                return;
            templates[key] = item;
            owner.Take(item);
            template.Grown = more => Grow(item, more);
            Add(item);
        }
    }

    /// <summary>A trailer's own playlist.</summary>
    /// <param name="below">Names all that the template depends on besides the video: Rendition, version and copies.</param>
    public PlaylistTemplate? FindAsset(string video, string below) => others.TryGetValue(new AssetKey(video, below), out PlaylistTemplate? template) ? template : null;

    public void KeepAsset(string video, string below, PlaylistTemplate template)
    {
        // What is kept here is weighed once; a trailer is short, and so is its playlist.
        if (WatchAnswer.MayBeZipped(template))
            template.MakeGzip();
        others.Set(new AssetKey(video, below), template, BoundedMemory.Entry(template.Weight + Weights.Of(video) + Weights.Of(below)));
    }

    public void Dispose() => others.Dispose();

    /// <summary>One playlist must not push out all others.</summary>
    private bool Fits(Item item) => item.Weight <= limit / 2;

    private void Add(Item item)
    {
        item.Node = line.AddLast(item);
        held += item.Weight;
        MakeRoomFor(item);
    }

    /// <summary>A template's zipped form, which is made when a viewer first asks for it, is a part of it.</summary>
    private void Grow(Item item, long more)
    {
        lock (gate)
        {
            if (item.Node is null)
                return;
            item.Weight += more;
            held += more;
            if (Fits(item))
                MakeRoomFor(item);
            else
                Drop(item);
        }
    }

    /// <summary>Second chance: an item that was asked for since its last check moves to the end; any other except the given one is removed.</summary>
    private void MakeRoomFor(Item item)
    {
        while (held > limit && line.First is { Value: var next } node)
        {
            if (next == item || next.TakeUse())
            {
                line.RemoveFirst();
                line.AddLast(node);
            }
            else
            {
                Drop(next);
            }
        }
    }

    private void Drop(Item item)
    {
        if (item.Node is not { } node)
            return;
        item.Node = null;
        line.Remove(node);
        held -= item.Weight;
        if (item.Key is { } key)
            templates.TryRemove(new(key, item));
        else if (item.Value is OriginPlaylist playlist)
            playlists.TryRemove(new(playlist.Target, item));
        item.Owner?.Forget(item);
        foreach (var template in item.Templates)
            Drop(template);
    }

    /// <param name="key">Of a template; null for a playlist.</param>
    /// <param name="owner">Of a template: its playlist's item.</param>
    private sealed class Item(object value, TemplateKey? key, Item? owner, long weight)
    {
        private List<Item>? templates;

        /// <summary>Among its owner's templates.</summary>
        private int place;

        private bool used;

        public object Value => value;

        public TemplateKey? Key => key;

        public Item? Owner => owner;

        public long Weight { get; set; } = weight;

        /// <summary>Null once it is no longer kept.</summary>
        public LinkedListNode<Item>? Node { get; set; }

        /// <summary>A copy: removing one changes the list.</summary>
        public Item[] Templates => templates?.ToArray() ?? [];

        public object Use()
        {
            // Most often it is set already; a write would invalidate the cache line of the other cores.
            if (!Volatile.Read(ref used))
                Volatile.Write(ref used, true);
            return value;
        }

        public bool TakeUse()
        {
            var was = Volatile.Read(ref used);
            Volatile.Write(ref used, false);
            return was;
        }

        public void Take(Item template)
        {
            templates ??= new(1);
            template.place = templates.Count;
            templates.Add(template);
        }

        public void Forget(Item template)
        {
            if (templates is null)
                return;
            var last = templates[^1];
            templates[template.place] = last;
            last.place = template.place;
            templates.RemoveAt(templates.Count - 1);
        }
    }
}

/// <summary>What a template depends on, besides the bytes of its playlist.</summary>
/// <param name="Playlist">By reference.</param>
/// <param name="Video">The same origin playlist may be played as part of two videos.</param>
/// <param name="ClientPath">Path below the video that the player asked for: relative URIs depend on it.</param>
/// <param name="Variant">Whatever else.</param>
internal readonly record struct TemplateKey(OriginPlaylist Playlist, string Video, string ClientPath, TemplateVariant Variant);

/// <summary>What a template depends on besides playlist and address: texts that are there already, so that looking it up makes none.</summary>
/// <param name="Role">Of a Media Playlist.</param>
/// <param name="Trailer">Label of the version; null without one.</param>
/// <param name="Target">Seconds: of a Master Playlist, the session's least EXT-X-TARGETDURATION.</param>
/// <param name="More">Whatever else there may be: caption versions, imported variables, the player's name for us.</param>
internal readonly record struct TemplateVariant(ChildRole Role, string? Trailer = null, TrailerPlacement Placement = default, int Target = 0, string? More = null)
{
    /// <summary>Memory of its texts.</summary>
    public long Weight => Weights.Of(Role.Copy) + Weights.Of(More);
}
