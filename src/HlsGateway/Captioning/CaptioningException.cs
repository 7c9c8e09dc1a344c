namespace HlsGateway.Captioning;

/// <summary>Captions that could not be written; the message is a reason for editors.</summary>
internal sealed class CaptioningException(string message) : Exception(message);
