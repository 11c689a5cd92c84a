"""The closed loop: propose, plan, execute, analyse."""
