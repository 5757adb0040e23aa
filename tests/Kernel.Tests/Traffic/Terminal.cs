using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace EbpfActors.Kernel.Tests.Traffic;

/// <summary>A program at a terminal of its own, and the one who types there. Disposing it kills the program.</summary>
internal sealed partial class Terminal : IDisposable
{
    private const int ReadWriteNoControl = 0x102; // O_RDWR | O_NOCTTY

    private readonly SafeFileHandle _master;
    private readonly Process _process;
    private readonly StringBuilder _shown = new();
    private readonly Thread _reader;

    /// <param name="command">Words of a shell command line; the program that it executes keeps the pid.</param>
    public Terminal(string command)
    {
        _master = new SafeFileHandle(open("/dev/ptmx", ReadWriteNoControl), ownsHandle: true);
        var (locked, number) = (0, 0);
        if (ioctl(_master, 0x40045431 /* TIOCSPTLCK */, ref locked) != 0 || ioctl(_master, 0x80045430 /* TIOCGPTN */, ref number) != 0)
        {
            throw new InvalidOperationException($"no terminal: {Marshal.GetLastPInvokeErrorMessage()}");
        }

        var start = new ProcessStartInfo("/bin/sh", ["-c", $"exec setsid -c {command} <>/dev/pts/{number} >&0 2>&0"]) { RedirectStandardError = true };
        start.Environment["PS1"] = Prompt;
        start.Environment["TERM"] = "dumb";
        start.Environment["LC_ALL"] = "C.UTF-8";
        start.Environment["HISTFILE"] = "";
        _process = Process.Start(start)!;
        _reader = new Thread(ReadAll) { IsBackground = true };
        _reader.Start();
    }

    public static string Prompt => "ready> ";

    public uint Pid => (uint)_process.Id;

    /// <summary>How often a prompt was shown.</summary>
    public int Prompts => Shown.Split(Prompt).Length - 1;

    public string Shown
    {
        get
        {
            lock (_shown)
            {
                return _shown.ToString();
            }
        }
    }

    /// <summary>A bash that reads no start-up files; of another file when a path is given.</summary>
    public static Terminal Bash(string path = "/bin/bash") => new($"{path} --norc --noprofile -i");

    public Terminal AwaitPrompt(int count = 1)
    {
        Await(() => Prompts >= count, $"prompt {count}");
        return this;
    }

    /// <summary>Types a line and Enter, without waiting for anything.</summary>
    public void Type(string line) => TypeKeys(line + "\r");

    public void TypeKeys(string keys)
    {
        var bytes = Encoding.UTF8.GetBytes(keys);
        if (write(_master, bytes, bytes.Length) != bytes.Length)
        {
            throw new InvalidOperationException($"typing: {Marshal.GetLastPInvokeErrorMessage()}");
        }
    }

    /// <summary>Types a line once the shell asks for it, and waits until it asks again.</summary>
    public void Run(string line)
    {
        var before = AwaitPrompt().Prompts;
        Type(line);
        AwaitPrompt(before + 1);
    }

    public void AwaitEnd() => Await(() => _process.HasExited, "the end");

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            _process.WaitForExit();
        }

        _process.Dispose();
        _reader.Join();
        _master.Dispose();
    }

    private void Await(Func<bool> condition, string what) => Eventually.Holds(
        () =>
        {
            var hasExited = _process.HasExited;
            return condition() || (hasExited ? throw new InvalidOperationException($"the program ended before {what}; the terminal shows: {Shown}") : false);
        },
        () => Shown,
        what: what);

    // The last close of the other side ends it with EIO.
    private void ReadAll()
    {
        var buffer = new byte[4096];
        for (nint got; (got = read(_master, buffer, buffer.Length)) > 0;)
        {
            lock (_shown)
            {
                _shown.Append(Encoding.UTF8.GetString(buffer, 0, (int)got));
            }
        }
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint read(SafeFileHandle file, byte[] buffer, nint length);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint write(SafeFileHandle file, byte[] buffer, nint length);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int open(string path, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int ioctl(SafeFileHandle file, nuint request, ref int argument);
}
