module github.com/precheck-dev/precheck/framework/model/apilife/gen

go 1.26.0
