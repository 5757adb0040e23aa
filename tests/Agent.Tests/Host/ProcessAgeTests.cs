using System.Diagnostics;
using EbpfActors.Agent.Host;

namespace EbpfActors.Agent.Tests.Host;

public sealed class ProcessAgeTests
{
    [Fact]
    public void It_is_the_machines_time_without_that_of_the_start() =>
        Assert.Equal(
            23.45,
            ProcessAge.Of("42 (a) b) S 1 42 42 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 16 0 100000 1 2 3", "1023.45 2000.00").TotalSeconds,
            tolerance: 0.001);

    [Fact]
    public void This_process_is_as_old_as_its_start_says() =>
        Assert.Equal((DateTime.Now - Process.GetCurrentProcess().StartTime).TotalSeconds, ProcessAge.Now().TotalSeconds, tolerance: 5);
}
