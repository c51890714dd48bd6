"""What is visible: pure functions from plain data to Dash trees and figures."""
