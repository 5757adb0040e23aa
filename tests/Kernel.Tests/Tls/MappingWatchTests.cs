using System.Diagnostics;
using System.Runtime.InteropServices;
using EbpfActors.Kernel.Tests.Traffic;
using EbpfActors.Probes.Processes;
using EbpfActors.Probes.Tls.Discovery;
using Shouldly;
using Xunit;

namespace EbpfActors.Kernel.Tests.Tls;

public sealed partial class MappingWatchTests : IDisposable
{
    private const int ReadExecute = 5;
    private const int Private = 2;

    private readonly TemporaryFolder _folder = new();
    private readonly string _file;
    private readonly MappingWatch _watch = new();
    private int _seen;

    public MappingWatchTests()
    {
        _file = _folder["mapped"];
        File.WriteAllBytes(_file, new byte[4096]);
    }

    [Fact]
    public void Each_executable_mapping_is_told_with_its_process_address_and_path()
    {
        var (address, told) = (Map(), (Start: 0UL, End: 0UL));

        Until(() => _seen > 0, (in Mapping mapping) => told = (mapping.Start, mapping.End));

        told.ShouldBe(((ulong)address, (ulong)address + 4096));
    }

    [Fact]
    public void Waiting_ends_with_a_mapping_and_with_a_wake()
    {
        Map();
        Until(() => _seen > 0, (in Mapping _) => { });

        var start = Stopwatch.GetTimestamp();
        Map();
        _watch.Wait(TimeSpan.FromHours(1));
        _watch.Drain((in Mapping _) => { });
        _watch.Wake();
        _watch.Rest(TimeSpan.FromHours(1));

        Stopwatch.GetElapsedTime(start).ShouldBeLessThan(TimeSpan.FromMinutes(1));
    }

    [Fact]
    public void What_the_kernel_had_no_room_for_is_counted()
    {
        // A ring has room for some 400.
        const int made = 5000;
        for (var i = 0; i < made; i++)
        {
            Map();
        }

        // The kernel says so with the next record that finds room, of each CPU on which some were made.
        Until(
            () =>
            {
                foreach (var cpu in MappingWatch.Cpus("/sys/devices/system/cpu/online"))
                {
                    Shell.Run("taskset", $"-c {cpu} true");
                }

                return _seen + _watch.Lost >= made;
            },
            (in Mapping _) => { });

        _seen.ShouldBeGreaterThan(100);
        _watch.Lost.ShouldBeGreaterThan(0);
    }

    public void Dispose()
    {
        _watch.Dispose();
        _folder.Dispose();
    }

    private void Until(Func<bool> holds, MappingWatch.Consumer consumer)
    {
        void Drain() => _watch.Drain((in Mapping mapping) =>
        {
            if (mapping.Pid == Environment.ProcessId && System.Text.Encoding.UTF8.GetString(mapping.Path) == _file)
            {
                _seen++;
                consumer(mapping);
            }
        });
        Eventually.Holds(holds, () => $"{_seen} mappings, {_watch.Lost} lost", meanwhile: Drain);
    }

    private nint Map()
    {
        using var file = File.OpenHandle(_file);
        var address = mmap(0, 4096, ReadExecute, Private, (int)file.DangerousGetHandle(), 0);
        address.ShouldNotBe(-1);
        return address;
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint mmap(nint address, nuint length, int protection, int flags, int file, nint offset);
}
