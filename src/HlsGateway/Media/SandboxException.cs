namespace HlsGateway.Media;

/// <summary>A program in the sandbox did not do what was asked, or left other output; the message may be shown to an editor and names no path of ours.</summary>
internal class SandboxException : Exception
{
    public SandboxException()
    {
    }

    public SandboxException(string message)
        : base(message)
    {
    }

    public SandboxException(string message, Exception inner)
        : base(message, inner)
    {
    }
}
