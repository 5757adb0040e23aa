using EbpfActors.Probes;
using EbpfActors.Probes.Bpf;
using Shouldly;
using Xunit;

namespace EbpfActors.Kernel.Tests.Refusals;

public sealed class RefusedCallsTests
{
    [Fact]
    public void A_link_is_refused_to_the_thread_that_asked_for_it_and_to_those_that_it_starts_and_to_no_other()
    {
        using var bash = BpfObject.Open("bash");
        bash.Load();
        int mine = 0, child = 0;

        OnThread(() =>
        {
            RefusedCalls.Bpf(RefusedCalls.RawTracepointOpen, RefusedCalls.LinkCreate);
            mine = Attach(bash);
            OnThread(() => child = Attach(bash));
        });

        (mine, child, Attach(bash)).ShouldBe((Errno.Perm, Errno.Perm, 0));
    }

    private static int Attach(BpfObject bash)
    {
        try
        {
            bash.AttachIterator("bash_scan").Dispose();
            return 0;
        }
        catch (BpfException e)
        {
            return e.Errno;
        }
    }

    private static void OnThread(Action work)
    {
        var thread = new Thread(() => work());
        thread.Start();
        thread.Join();
    }
}
