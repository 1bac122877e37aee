package cancer

import (
	"math"
	"testing"
)

func TestLoad(t *testing.T) {
	all, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	malignant, sum := 0, 0.0
	for _, tumour := range all {
		if tumour.Malignant {
			malignant++
		}
		if len(tumour.X) != 30 {
			t.Fatalf("%d measurements", len(tumour.X))
		}
		sum += tumour.X[7] * tumour.X[7]
	}
	if len(all) != 569 || malignant != 212 || math.Abs(sum/569-1) > 1e-9 {
		t.Errorf("%d tumours, %d malignant, variance %v", len(all), malignant, sum/569)
	}
}
