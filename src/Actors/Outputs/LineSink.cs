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

    /// <summary>Appends to the file, which is made if it is not there: for its owner alone, since command lines may be in it.</summary>
    public static LineSink File(string path) => new(() => OpenFile(path), canCutBack: true);

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

    /// <summary>
    /// Writes each point with a newline, all of them with one call, and flushes; a newline inside a string is written <c>\n</c> and a
    /// carriage return <c>\r</c>, so that a point is a line. Whatever prevents it is thrown.
    /// </summary>
    public void Write(IReadOnlyList<byte[]> lines)
    {
        var stream = _stream ??= open();
        _buffer.ResetWrittenCount();
        foreach (var line in lines)
        {
            WriteAsOneLine(line);
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

    private static FileStream OpenFile(string path)
    {
        var options = new FileStreamOptions { Mode = FileMode.Append, Access = FileAccess.Write, Share = FileShare.ReadWrite, BufferSize = 0 };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        return new FileStream(path, options);
    }

    /// <summary>A backslash of the string's own is doubled there, so this one cannot be taken for it.</summary>
    private void WriteAsOneLine(ReadOnlySpan<byte> point)
    {
        while (point.IndexOfAny("\n\r"u8) is var at and >= 0)
        {
            _buffer.Write(point[..at]);
            _buffer.Write(point[at] == (byte)'\n' ? "\\n"u8 : "\\r"u8);
            point = point[(at + 1)..];
        }

        _buffer.Write(point);
    }
}
