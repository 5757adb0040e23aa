using System.Buffers;
using Microsoft.Win32.SafeHandles;

namespace EbpfActors.Actors.Outputs;

/// <summary>
/// Where lines go: a stream that takes a batch as a whole, or, where it can be cut back, not at all. It is opened by the
/// first write, and again by the next one if that failed.
/// </summary>
public sealed class LineSink(Func<Stream> open, bool canCutBack) : IDisposable
{
    private const int StandardOutput = 1;

    private readonly ArrayBufferWriter<byte> _buffer = new();
    private Stream? _stream;

    /// <summary>Appends to the file, which is made if it is not there.</summary>
    public static LineSink File(string path) =>
        new(() => new FileStream(path, FileMode.Append, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0), canCutBack: true);

    /// <summary>
    /// The process's standard output. The console's own stream takes a closed pipe for success, and a file stream writes at
    /// its own offset, over what others wrote to the same file: each is used where it is right.
    /// </summary>
    public static LineSink Stdout() => new(
        () =>
        {
            var file = new FileStream(new SafeFileHandle(StandardOutput, ownsHandle: false), FileAccess.Write, bufferSize: 0);
            return file.CanSeek ? Console.OpenStandardOutput() : file;
        },
        canCutBack: false);

    /// <summary>Writes each line with a newline, all of them with one call, and flushes. Whatever prevents it is thrown.</summary>
    public void Write(IReadOnlyList<byte[]> lines)
    {
        var stream = _stream ??= open();
        _buffer.ResetWrittenCount();
        foreach (var line in lines)
        {
            _buffer.Write(line);
            _buffer.Write("\n"u8);
        }

        var end = canCutBack ? stream.Length : 0;
        try
        {
            stream.Write(_buffer.WrittenSpan);
            stream.Flush();
        }
        catch (IOException) when (canCutBack)
        {
            // A full disk takes the first half of a batch; a later batch must not be glued to half a line.
            stream.SetLength(end);
            throw;
        }
    }

    public void Dispose() => _stream?.Dispose();
}
