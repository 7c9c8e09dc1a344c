using HlsGateway.Telemetry;
using Microsoft.Extensions.Options;

namespace HlsGateway.Starting;

/// <summary>All that can be known to be wrong before anything has started: the same for a start and for those who only ask.</summary>
internal static class StartCheck
{
    /// <summary>One check of the machine: a server that answers nothing must not hold up a start for long.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    /// <summary>Names and values: nothing is opened or asked.</summary>
    public static IReadOnlyList<StartFault> Options(IServiceProvider services)
    {
        var faults = ConfigurationCheck.Run((IConfigurationRoot)services.GetRequiredService<IConfiguration>(), services.GetServices<OptionsSection>()).ToList();
        try
        {
            services.GetService<IStartupValidator>()?.Validate();
        }
        catch (AggregateException several) when (several.InnerExceptions.All(one => one is OptionsValidationException))
        {
            faults.AddRange(several.InnerExceptions.Cast<OptionsValidationException>().SelectMany(one => one.Failures).Select(text => StartFault.Of(OptionValue.Told(text))));
        }
        catch (OptionsValidationException one)
        {
            faults.AddRange(one.Failures.Select(text => StartFault.Of(OptionValue.Told(text))));
        }
        catch (InvalidOperationException) when (faults.Count > 0)
        {
            // A value that cannot be read, which is told above.
        }

        return [.. faults.Distinct()];
    }

    /// <summary>The options, and what each room looks at on this machine.</summary>
    public static async Task<IReadOnlyList<StartFault>> RunAsync(IServiceProvider services, CancellationToken ct)
    {
        var options = Options(services);
        var machine = await Task.WhenAll(services.GetServices<Func<IStartCheck>>().Select(make => AskAsync(make, ct)));
        StartFault[] faults = [.. options.Concat(machine.SelectMany(one => one.Faults)).Distinct()];
        // Where something is wrong, that is most likely why the check could not be made, and nothing starts. Else the start goes on without it.
        if (faults.Length == 0)
        {
            var log = services.GetRequiredService<ILoggerFactory>().CreateLogger(typeof(StartCheck).FullName!);
            foreach (var failure in machine.Select(one => one.Failure).OfType<Exception>())
                log.StartCheckFailed($"{failure.GetType().Name}: {failure.Message}");
        }

        return faults;
    }

    /// <exception cref="WrongStartException">Something is wrong: all of it.</exception>
    /// <param name="known">What is known to be wrong already.</param>
    public static async Task RequireAsync(WebApplication app, IReadOnlyList<StartFault> known)
    {
        StartFault[] faults = [.. known, .. await RunAsync(app.Services, app.Lifetime.ApplicationStopping)];
        if (faults.Length > 0)
            throw new WrongStartException(faults);
    }

    /// <returns>What is wrong, and why the check itself failed where it did.</returns>
    private static async Task<(IReadOnlyList<StartFault> Faults, Exception? Failure)> AskAsync(Func<IStartCheck> make, CancellationToken ct)
    {
        using var bound = CancellationTokenSource.CreateLinkedTokenSource(ct);
        bound.CancelAfter(Patience);
        try
        {
            return (await Task.Run(() => make().FaultsAsync(bound.Token), bound.Token), null);
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            // It may answer later: that is for health to tell.
            return ([], null);
        }
        catch (WrongStartException wrong)
        {
            return (wrong.Faults, null);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            // What it is made of cannot be made: another check tells why, or the start itself does when it makes the same.
            return ([], e);
        }
    }
}
