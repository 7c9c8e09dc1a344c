using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using HlsGateway.Counting;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;

namespace HlsGateway.Playback.Lane;

/// <summary>
/// What Kestrel reads a connection's requests from. While Kestrel waits for one, the lane looks at it first, and answers it where it can. Kestrel
/// gets every other request whole and untouched, one at a time, so that it is known when it waits for the next; and everything from the first on whose end only it can tell.
/// </summary>
internal sealed class LaneReader : PipeReader
{
    private readonly FastLane lane;
    private readonly ConnectionContext connection;
    private readonly PipeReader input;
    private readonly PipeWriter output;
    private readonly LanePace pace;
    // What follows an answer is to write it, and to look for the next request: short, and it never blocks.
    private readonly HitWaiter waiter = new(apart: false);
    private Stage stage;
    private SequencePosition given;
    private bool taken;
    private long looked;

    public LaneReader(FastLane lane, ConnectionContext connection)
    {
        (this.lane, this.connection) = (lane, connection);
        (input, output) = (connection.Transport.Input, connection.Transport.Output);
        pace = new(connection, input, lane.Limits, lane.Time);
    }

    private enum Stage
    {
        /// <summary>Kestrel waits for a request and has seen nothing of it.</summary>
        Between,

        /// <summary>Kestrel has seen the first byte of a request, so that its timeout for heads runs. The request is Kestrel's.</summary>
        Begun,

        /// <summary>Kestrel has a whole head; it reads again once it is done with the request.</summary>
        Given,

        /// <summary>The connection is Kestrel's for good.</summary>
        Left,
    }

    public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default) => stage == Stage.Left ? input.ReadAsync(cancellationToken) : LookAsync();

    public override bool TryRead(out ReadResult result)
    {
        // Kestrel does so only within a body.
        stage = Stage.Left;
        return input.TryRead(out result);
    }

    public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
    {
        taken = consumed.Equals(given);
        input.AdvanceTo(consumed, examined);
    }

    public override void CancelPendingRead()
    {
        pace.Stop();
        input.CancelPendingRead();
    }

    public override void Complete(Exception? exception = null) => input.Complete(exception);

    public override ValueTask CompleteAsync(Exception? exception = null) => input.CompleteAsync(exception);

    /// <summary>1. the next bytes, 2. what they are, 3. an answer, or 4. what Kestrel gets.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<ReadResult> LookAsync()
    {
        if (stage == Stage.Given)
        {
            stage = taken ? Stage.Between : Stage.Left;
            looked = 0;
        }
        var waited = false;
        while (true)
        {
            // 1.
            var read = await input.ReadAsync();
            if (stage == Stage.Left)
                return read;
            if (read.IsCanceled && pace.IsOver)
                return End(read.Buffer);
            if (read.IsCompleted || (read.IsCanceled && pace.IsStopping))
                return Leave(read);
            waited = false;
            var rest = read.Buffer;
            while (!rest.IsEmpty)
            {
                // 2.
                var kind = lane.Look(rest, stage == Stage.Between && pace.MayAnswer, ref looked, out var length, out var request);
                if (request.Answer is { } answer)
                {
                    // 3.
                    pace.Begin();
                    if (answer is PreparedRedirect redirect)
                    {
                        var recorded = lane.RecordAsync(redirect, request, waiter);
                        waited |= !recorded.IsCompleted;
                        await recorded;
                    }
                    if (!await WriteAsync(answer, request))
                        return End(rest);
                    rest = rest.Slice(length);
                    looked = 0;
                    continue;
                }

                // 4.
                if (kind == HeadKind.Incomplete && stage == Stage.Begun)
                    break;
                pace.Hand();
                // Kestrel's work for a request may be long: not in turn with the answers to other viewers.
                if (waited)
                    await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
                if (kind == HeadKind.Other)
                    return Leave(new ReadResult(rest, isCanceled: false, isCompleted: false));
                stage = kind == HeadKind.Incomplete ? Stage.Begun : Stage.Given;
                var part = rest.Slice(0, kind == HeadKind.Incomplete ? 1 : length);
                given = part.End;
                return new ReadResult(part, isCanceled: false, isCompleted: false);
            }

            input.AdvanceTo(rest.Start, rest.End);
        }
    }

    /// <returns>False when the client takes nothing more.</returns>
    private async ValueTask<bool> WriteAsync(PreparedAnswer answer, LaneRequest request)
    {
        try
        {
            if (answer is PreparedPlaylist { Template: var template } && request.Text is { } text)
            {
                LaneAnswer.PlaylistHead(output, text, template);
                var written = SlicedPlaylist.WriteAsync(output, text, request.Session.Text, connection.ConnectionClosed);
                if (!written.IsCompletedSuccessfully)
                    pace.Wait(text.Length);
                await written;
            }
            else if (answer is PreparedRedirect { Location: var location })
            {
                LaneAnswer.Redirect(output, location);
            }
            var flush = output.FlushAsync();
            if (!flush.IsCompletedSuccessfully)
                pace.Wait(0);
            var flushed = await flush;
            pace.Written();
            return !flushed.IsCompleted;
        }
        catch (Exception failure) when (failure is InvalidOperationException or IOException or OperationCanceledException)
        {
            // The connection was aborted meanwhile.
            return false;
        }
    }

    private ReadResult Leave(in ReadResult read)
    {
        stage = Stage.Left;
        pace.Hand();
        return read;
    }

    /// <summary>Tells Kestrel that no request follows.</summary>
    private ReadResult End(in ReadOnlySequence<byte> rest)
    {
        stage = Stage.Left;
        return new ReadResult(rest.Slice(0, 0), isCanceled: false, isCompleted: true);
    }
}
