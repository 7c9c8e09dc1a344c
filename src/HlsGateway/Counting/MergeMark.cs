namespace HlsGateway.Counting;

/// <summary>
/// Which requests are in their sessions. A sweep goes through the sessions in the order of their ids and stops between two transactions;
/// this says where, so that after a crash each request is merged once.
/// </summary>
/// <param name="From">Every request below it is merged.</param>
/// <param name="Until">The sweep takes the requests below it; not above <paramref name="From"/> where there is no sweep.</param>
/// <param name="Session">Of those the sweep has merged all of sessions before this one,</param>
/// <param name="Seq">and of this one the requests below this number.</param>
internal readonly record struct MergeMark(long From, long Until, Guid Session, long Seq)
{
    public bool IsSweeping => Until > From;

    public bool Covers(long seq, Guid session) =>
        seq < From || (seq < Until && (session.CompareTo(Session) is var order && (order < 0 || (order == 0 && seq < Seq))));
}
