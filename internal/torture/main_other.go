//go:build !linux && !darwin

package main

import "fmt"

func main() { fmt.Println("torture needs the signals and limits of Unix") }
