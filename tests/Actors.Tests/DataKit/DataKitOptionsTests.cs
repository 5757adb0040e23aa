using EbpfActors.Actors.DataKit;
using Shouldly;
using Xunit;

namespace EbpfActors.Actors.Tests.DataKit;

public sealed class DataKitOptionsTests
{
    [Fact]
    public void The_defaults_have_no_problem() => new DataKitOptions().Problems().ShouldBeEmpty();

    [Fact]
    public void Every_problem_is_told_at_once()
    {
        var options = new DataKitOptions
        {
            BaseAddress = new Uri("ftp://node/"),
            SpoolDirectory = "relative",
            SpoolBytes = 1,
            MaxBatchBytes = 1,
            MaxBatchPoints = 0,
            RequestTimeout = TimeSpan.Zero,
            BackoffMin = TimeSpan.FromSeconds(2),
            BackoffMax = TimeSpan.FromSeconds(1),
        };

        options.Problems().Count().ShouldBe(7);
    }
}
