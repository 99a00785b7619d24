"""placeholder written next"""
