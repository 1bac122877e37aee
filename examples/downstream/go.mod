module example.com/downstream

go 1.25

require github.com/gohone/hone v0.0.0

replace github.com/gohone/hone => ../..
