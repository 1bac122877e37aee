package prunertest_test

import (
	"testing"

	"github.com/gohone/hone/pruner"
	"github.com/gohone/hone/pruner/prunertest"
)

func TestNop(t *testing.T) {
	prunertest.Options{Never: true}.Run(t, func() pruner.Pruner { return &pruner.Nop{} })
}
