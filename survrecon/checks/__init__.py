"""The checks of the audit, by kind. Each returns findings: arithmetic on printed numbers and curves, without any reconstruction.

"Impossible" follows from inequalities that every data set obeys, with every printed number anywhere in the range that rounds
to it. "In tension" follows from relations that hold approximately, with a slack that is stated with the check.
"""
