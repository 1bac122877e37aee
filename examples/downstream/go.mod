module example.com/downstream

go 1.25

require github.com/gohone/hone v0.0.0

require gonum.org/v1/gonum v0.17.0 // indirect

replace github.com/gohone/hone => ../..
