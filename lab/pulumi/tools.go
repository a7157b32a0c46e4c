//go:build tools

// Package pulumi names what is built, so that go.mod and go.sum hold the exact version and checksum of all of it.
package pulumi

import (
	_ "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"
	_ "github.com/pulumi/pulumi/sdk/v3/go/common/version"
)
