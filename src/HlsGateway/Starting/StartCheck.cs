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
        return [.. options.Concat(machine.SelectMany(faults => faults)).Distinct()];
    }

    /// <exception cref="WrongStartException">Something is wrong: all of it.</exception>
    /// <param name="known">What is known to be wrong already.</param>
    public static async Task RequireAsync(WebApplication app, IReadOnlyList<StartFault> known)
    {
        StartFault[] faults = [.. known, .. await RunAsync(app.Services, app.Lifetime.ApplicationStopping)];
        if (faults.Length == 0) return;
        await app.DisposeAsync();
        throw new WrongStartException(faults);
    }

    private static async Task<IReadOnlyList<StartFault>> AskAsync(Func<IStartCheck> make, CancellationToken ct)
    {
        using var bound = CancellationTokenSource.CreateLinkedTokenSource(ct);
        bound.CancelAfter(Patience);
        try
        {
            return await Task.Run(() => make().FaultsAsync(bound.Token), bound.Token);
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            // It may answer later: that is for health to tell.
            return [];
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            // What it is made of cannot be made: another check tells why, or the start itself does when it makes the same.
            return [];
        }
    }
}
