using Akka.Actor;
using Akka.Event;
using EbpfActors.Actors.Bash;
using EbpfActors.Actors.Flush;
using EbpfActors.Actors.Points;

namespace EbpfActors.Actors;

/// <content>The stop: last flush, outputs closed, probes detached; each phase ends with its answer or its deadline.</content>
public sealed partial class AgentActor
{
    private readonly List<IActorRef> _stopWaiters = [];
    private StopPhase _stop = StopPhase.None;
    private int _flushesDue;
    private int _outputsOpen;

    private void OnStopping(object message)
    {
        switch (message)
        {
            case StopAgent: Stop(); break;
            case FlushFinished when _stop == StopPhase.Flushing: OnFlushFinished(); break;
            case OutputClosed when _stop == StopPhase.ClosingOutputs: OnOutputClosed(); break;
            case StopOverdue overdue when overdue.Phase == _stop: OnStopOverdue(); break;
            case FlushFinished or OutputClosed or StopOverdue: break;
            default: Unhandled(message); break;
        }
    }

    private void Stop()
    {
        _stopWaiters.Add(Sender);
        if (_stop == StopPhase.None)
        {
            Enter(StopPhase.Flushing, _options.Stop.LastFlush);
            _flushesDue = 1;
            Keeper.Find(AgentParts.Flush).Tell(FlushNow.Instance);
            if (_attached.Contains(BashProbeActor.Name))
            {
                _flushesDue++;
                Keeper.Find(AgentParts.Probes).Tell(FlushNow.Instance);
            }
        }
    }

    private void OnFlushFinished()
    {
        if (--_flushesDue == 0)
        {
            CloseOutputs();
        }
    }

    private void CloseOutputs()
    {
        Enter(StopPhase.ClosingOutputs, _options.Stop.Outputs);
        _outputsOpen = _options.Outputs.Length;
        Keeper.Find(AgentParts.Outputs).Tell(CloseOutput.Instance);
        if (Keeper.IsRunning(AgentParts.DataKit))
        {
            _outputsOpen++;
            Keeper.Find(AgentParts.DataKit).Tell(CloseOutput.Instance);
        }

        DetachWhenClosed();
    }

    private void OnOutputClosed()
    {
        _outputsOpen--;
        DetachWhenClosed();
    }

    private void DetachWhenClosed()
    {
        if (_outputsOpen == 0)
        {
            Detach();
        }
    }

    private void Detach()
    {
        Enter(StopPhase.Detaching, _options.Stop.Detach);
        if (Keeper.StopAll())
        {
            Finish();
        }
    }

    private void Finish()
    {
        _stop = StopPhase.Done;
        _stopWaiters.ForEach(w => w.Tell(AgentStopped.Instance));
        Context.Stop(Self);
    }

    private void OnStopOverdue()
    {
        _log.Warning("The stop did not finish {0} in time and goes on", _stop);
        switch (_stop)
        {
            case StopPhase.Flushing: CloseOutputs(); break;
            case StopPhase.ClosingOutputs: Detach(); break;
            case StopPhase.Detaching: Finish(); break;
        }
    }

    private void Enter(StopPhase phase, TimeSpan deadline)
    {
        _stop = phase;
        Timers.StartSingleTimer(nameof(StopOverdue), new StopOverdue(phase), deadline);
    }
}
