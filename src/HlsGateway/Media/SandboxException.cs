namespace HlsGateway.Media;

/// <summary>A program in the sandbox did not do what was asked, or left what was not asked; the message is fit for an editor's eyes and names no path of ours.</summary>
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
