package framework

// A Gate decides whether a step may begin.
type Gate struct {
	Step Step
	// FailOn is the least severity that blocks; zero means Blocker.
	FailOn Severity
}

// Decide looks at the findings and the unknown checks of the gate's step and
// of the steps before it: traffic cannot be shifted to applications that were
// never restored. Blocked outranks inconclusive.
func (g Gate) Decide(r *Report) Verdict {
	failOn := g.FailOn
	if failOn == 0 {
		failOn = Blocker
	}
	verdict := Ready
	if len(r.Results) == 0 {
		verdict = Inconclusive
	}
	for _, result := range r.Results {
		for _, f := range result.Findings {
			if f.Step <= g.Step && f.Severity >= failOn {
				return Blocked
			}
		}
		if result.Status != Clean && result.Status != Found && result.Status != Skipped && result.Step <= g.Step {
			verdict = Inconclusive
		}
	}
	return verdict
}
