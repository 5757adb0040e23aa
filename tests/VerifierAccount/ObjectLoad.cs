using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.RegularExpressions;

namespace EbpfActors.VerifierAccount;

/// <summary>Loads every program of an object on this kernel and reads the verifier's account of each. Needs root; leaves nothing loaded.</summary>
internal sealed unsafe partial class ObjectLoad(string environment, string name, byte[] bytes)
{
    private const uint Statistics = 4; // BPF_LOG_STATS
    // What the verifier takes back, of paths that it gives up, counts as well; a log that would not have fit makes the load fail.
    private const int LogBytes = 16 * 1024 * 1024;
    private const int LineBytes = 4096;

    [ThreadStatic]
    private static StringBuilder? _said;

    private readonly Dictionary<string, ProgramAccount> _accounts = [];

    /// <summary>
    /// libbpf gives up at the first program that is refused. So the rest is loaded again without it, and without those that are
    /// known, until every program has an account.
    /// </summary>
    public IReadOnlyCollection<ProgramAccount> Run()
    {
        LibBpf.libbpf_set_print(&Print);
        while (!LoadTheRest())
        {
        }

        return _accounts.Values;
    }

    private bool LoadTheRest()
    {
        nint opened;
        fixed (byte* data = bytes)
        {
            opened = LibBpf.bpf_object__open_mem(data, (nuint)bytes.Length, null);
        }

        if (opened == 0)
        {
            throw new InvalidOperationException($"{name}: open: {Marshal.GetLastPInvokeErrorMessage()}: {_said}");
        }

        var logs = new List<(string Program, nint Log)>();
        try
        {
            for (nint program = 0; (program = LibBpf.bpf_object__next_program(opened, program)) != 0;)
            {
                var programName = Marshal.PtrToStringUTF8((nint)LibBpf.bpf_program__name(program))!;
                if (_accounts.ContainsKey(programName))
                {
                    Check(LibBpf.bpf_program__set_autoload(program, 0));
                    continue;
                }

                var log = (nint)NativeMemory.AllocZeroed(LogBytes);
                logs.Add((programName, log));
                Check(LibBpf.bpf_program__set_log_buf(program, (byte*)log, LogBytes));
                Check(LibBpf.bpf_program__set_log_level(program, Statistics));
            }

            _said = new StringBuilder();
            var result = logs.Count == 0 ? 0 : LibBpf.bpf_object__load(opened);
            Read([.. logs.Select(l => (l.Program, Marshal.PtrToStringUTF8(l.Log)!))], result);
            return result >= 0;
        }
        finally
        {
            LibBpf.bpf_object__close(opened);
            logs.ForEach(l => NativeMemory.Free((void*)l.Log));
        }
    }

    private void Read(IReadOnlyList<(string Program, string Log)> logs, int result)
    {
        var refused = result < 0 ? Refused(result) : null;
        foreach (var (program, log) in logs)
        {
            if (program == refused)
            {
                _accounts[program] = new ProgramAccount(environment, name, program, 0, "", Reason(program, log, result));
                return; // the later ones were not tried
            }

            if (Processed().Match(log) is { Success: true } processed)
            {
                var stack = StackDepth().Match(log) is { Success: true } depth
                    ? depth.Groups[1].Value
                    : throw new InvalidOperationException($"{name}: the verifier says nothing of the stack of {program}: {log}");
                _accounts[program] = new ProgramAccount(environment, name, program, int.Parse(processed.Groups[1].ValueSpan), stack, "");
            }
            else if (result >= 0)
            {
                throw new InvalidOperationException($"{name}: {program} was loaded without a word of the verifier: {log}");
            }
        }

        if (result < 0)
        {
            throw new InvalidOperationException($"{name}: {refused} is to blame, and was not to be loaded: {_said}");
        }
    }

    /// <summary>The program that libbpf names last, as in <c>prog 'tcp_on_state': failed to load: -13</c>.</summary>
    private string Refused(int result) => Named().Matches(_said!.ToString()) is { Count: > 0 } named
        ? named[^1].Groups[1].Value
        : throw new InvalidOperationException($"{name}: load: {Error(result)}: {_said}");

    /// <summary>The last thing that the verifier says before its statistics; what libbpf says, where it never came to be asked.</summary>
    private string Reason(string program, string log, int result)
    {
        var why = log.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .LastOrDefault(l => !Statistic().IsMatch(l));
        why ??= _said!.ToString().Split('\n').FirstOrDefault(l => l.Contains($"'{program}'", StringComparison.Ordinal))?.Trim();
        return $"{Error(result)}: {why}".Replace('\t', ' ');
    }

    private static void Check(int result)
    {
        if (result < 0)
        {
            throw new InvalidOperationException($"libbpf refuses to prepare a program: {Error(result)}");
        }
    }

    private static string Error(int result) => Marshal.GetPInvokeErrorMessage(-result);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Print(int level, byte* format, void* arguments)
    {
        const int Debug = 2;
        if (level >= Debug)
        {
            return 0;
        }

        var line = stackalloc byte[LineBytes];
        var length = LibBpf.vsnprintf(line, LineBytes, format, arguments);
        (_said ??= new StringBuilder()).Append(Encoding.UTF8.GetString(line, Math.Clamp(length, 0, LineBytes - 1)));
        return length;
    }

    [GeneratedRegex(@"^processed (\d+) insns", RegexOptions.Multiline)]
    private static partial Regex Processed();

    // "128+48": each function's frame. Since Linux 7.3 "max 176": the deepest chain of calls.
    [GeneratedRegex(@"^stack depth (?:max )?([\d+]+)", RegexOptions.Multiline)]
    private static partial Regex StackDepth();

    [GeneratedRegex(@"^(processed \d+ insns|stack depth|verification time)")]
    private static partial Regex Statistic();

    [GeneratedRegex(@"prog '([^']+)'")]
    private static partial Regex Named();
}
