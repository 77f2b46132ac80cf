package render

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/precheck-dev/precheck/framework"
)

// JSON writes the report as framework.ReportSchema describes it: indented, with
// one newline at the end.
func JSON(w io.Writer, r *framework.Report, _ Options) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	if err := enc.Encode(r); err != nil {
		return fmt.Errorf("write JSON: %w", err)
	}
	return nil
}
