package sampler

// NewPatientBruteForce makes one for studies that wait for what is under way.
func NewPatientBruteForce() Sampler { return &BruteForce{patient: true} }
